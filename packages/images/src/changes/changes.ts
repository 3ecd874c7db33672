import { invalid } from '../failure.js';
import type { RunConfig } from '../schema/config.js';
import { type ChangedConfig, INSTRUCTIONS } from './instructions.js';

/**
 * The configuration that Dockerfile instructions make, as `docker import --change` takes them.
 *
 * @remarks
 * CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME and WORKDIR: those that run
 * nothing. Comments, lines that go on behind a backslash, and variables set by ENV are understood.
 *
 * @throws NsError `ERR_NS_INVALID_ARGUMENT`, naming the instruction.
 */
export function applyChanges(changes: readonly string[]): RunConfig {
  const config: ChangedConfig = {};
  for (const line of linesOf(changes.join('\n'))) {
    const [, word = '', rest = ''] = /^(\S+)\s*(.*)$/s.exec(line) ?? [];
    const instruction = INSTRUCTIONS[word.toUpperCase()];
    if (instruction === undefined) {
      throw invalid('changes', `${JSON.stringify(word)} is no instruction that can change an image`, {
        hint: `one of ${Object.keys(INSTRUCTIONS).join(', ')}`,
      });
    }
    instruction(config, rest);
  }
  return config;
}

/** Instructions, one a line: without comments and empty lines, and joined where a backslash ends one. */
function linesOf(text: string): string[] {
  const lines: string[] = [];
  let begun = '';
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(#|$)/.test(line)) continue;
    begun += line;
    if (begun.endsWith('\\')) {
      begun = begun.slice(0, -1);
      continue;
    }
    lines.push(begun.trim());
    begun = '';
  }
  if (begun.trim() !== '') lines.push(begun.trim());
  return lines;
}
