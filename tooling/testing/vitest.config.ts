import { defineProject } from 'vitest/config';

import { project } from './src/project.ts';

export default defineProject(project('@ns/testing'));
