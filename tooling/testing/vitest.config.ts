import { defineProject } from 'vitest/config';

import { shared } from './src/project.ts';

export default defineProject({ ...shared, test: { name: '@ns/testing', testTimeout: 60_000 } });
