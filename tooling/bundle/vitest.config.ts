import { project } from '@ns/testing/project';
import { defineProject } from 'vitest/config';

export default defineProject(project('@ns/bundle'));
