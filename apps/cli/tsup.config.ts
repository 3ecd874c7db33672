import { commandBundle } from '@ns/bundle';
import { defineConfig } from 'tsup';

export default defineConfig(commandBundle({ name: 'ns' }));
