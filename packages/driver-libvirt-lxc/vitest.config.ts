import { defineProject } from 'vitest/config';

import { project } from '@ns/testing/project';

export default defineProject(project('@ns/driver-libvirt-lxc'));
