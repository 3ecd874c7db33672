import type { AddedRuntime } from '../drivers/config.js';
import { type Kind, ValueError, wrongType } from './kind.js';
import { isObject } from './ulimits.js';

const FILE_SHAPE = '{"crun": {"path": "/usr/bin/crun"}}';

/** Runtimes by name: `crun=/usr/bin/crun`. In the file as Docker's has them, which is checked, not all that Docker knows. */
export const runtimes: Kind<readonly AddedRuntime[]> = {
  isList: true,
  isSwitch: false,
  ofFlag: (texts) =>
    texts.map((text) => {
      const [, name = '', path = ''] = /^([^=]*)=(.+)$/s.exec(text) ?? [];
      if (path === '') throw new ValueError(`'${text}' is not NAME=PATH`, 'For example crun=/usr/bin/crun.');
      return { name, path };
    }),
  ofFile: (json) => {
    if (!isObject(json)) throw wrongType(json, `an object of runtimes: ${FILE_SHAPE}`);
    return Object.entries(json).map(([name, runtime]) => {
      if (!isObject(runtime) || typeof runtime['path'] !== 'string' || runtime['path'] === '') {
        throw wrongType({ [name]: runtime }, `a runtime: ${FILE_SHAPE}`);
      }
      const unknown = Object.keys(runtime).filter((key) => key !== 'path');
      if (unknown.length > 0) {
        throw new ValueError(
          `runtime ${name} has ${unknown.join(', ')}, and path alone is known`,
          'Settings of a runtime are exec-opts: crun.dialect=crun.',
        );
      }
      return { name, path: runtime['path'] };
    });
  },
  show: (all) => all.map(({ name, path }) => `${name}=${path}`).join(' '),
};
