import { execFile } from 'node:child_process';

const TIME_LIMIT_MS = 1500;

/** What a tool prints when it is asked for its `--version`; undefined when it could not be run, or took more than 1500 ms. */
export const toolVersion = (file: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    execFile(file, ['--version'], { timeout: TIME_LIMIT_MS, encoding: 'utf8' }, (error, stdout) => {
      resolve(error === null ? stdout : undefined);
    });
  });
