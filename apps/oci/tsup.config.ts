import { commandBundle } from '@ns/bundle';
import { defineConfig } from 'tsup';

export default defineConfig(
  commandBundle({
    name: 'ns-oci',
    // It finds its native half beside itself.
    external: ['koffi'],
    esbuildPlugins: [
      {
        // The D-Bus library reads descriptions of interfaces in XML, which nobody here asks for: a quarter of the bundle.
        name: 'no-xml',
        setup(build) {
          build.onResolve({ filter: /^fast-xml-/ }, ({ path }) => ({ path, namespace: 'no-xml' }));
          build.onLoad({ filter: /.*/, namespace: 'no-xml' }, () => ({
            contents: 'export class XMLParser {} export default class {}',
          }));
        },
      },
    ],
  }),
);
