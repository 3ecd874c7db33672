import { defineProject } from 'vitest/config';

import { shared } from '@ns/testing/project';

export default defineProject({ ...shared, test: { name: '@ns/bench', testTimeout: 60_000 } });
