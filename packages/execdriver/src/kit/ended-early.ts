import { NsError } from '@ns/errors';

/** The error of a container whose command has ended before the user's program ran. The kit adds what the command said. */
export const endedEarly = (operation: 'start' | 'exec'): NsError =>
  new NsError('ERR_NS_TOOL_FAILED', {
    operation,
    message: 'the container ended before the program ran',
    hint: 'see the log of the driver’s program, or run it by hand',
  });
