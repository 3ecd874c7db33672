import { defineProject } from 'vitest/config';

import { shared } from '../../tooling/testing/project.ts';

export default defineProject({ ...shared, test: { name: '@ns/errors' } });
