import { describe, expect, it } from 'vitest';

import { checkCreateRequest, checkExecRequest } from './create-schema.js';

describe('checkCreateRequest', () => {
  it("takes Go's null for what is absent, and members it does not know", () => {
    const checked = checkCreateRequest({
      Image: 'x',
      Cmd: null,
      HostConfig: { Binds: null, Novelty: { a: 1 } },
      New: 1,
    });
    expect(checked.Cmd).toBeUndefined();
    expect(checked.HostConfig?.Binds).toBeUndefined();
    expect(checked.Image).toBe('x');
  });

  it.each([
    [{ Cmd: 'sh' }, 'Cmd'],
    [{ Cmd: [1] }, 'Cmd.0'],
    [{ Tty: 'yes' }, 'Tty'],
    [{ StopTimeout: -2 }, 'StopTimeout'],
    [{ HostConfig: { Memory: -1 } }, 'HostConfig.Memory'],
    [{ HostConfig: { Memory: 1e30 } }, 'HostConfig.Memory'],
    [{ HostConfig: { ShmSize: 1.5 } }, 'HostConfig.ShmSize'],
    [{ HostConfig: { OomScoreAdj: 1001 } }, 'HostConfig.OomScoreAdj'],
    [{ HostConfig: { Ulimits: [{ Name: 'nofile', Soft: -2, Hard: 1 }] } }, 'HostConfig.Ulimits.0.Soft'],
    [
      { HostConfig: { Mounts: [{ TmpfsOptions: { SizeBytes: '1g' } }] } },
      'HostConfig.Mounts.0.TmpfsOptions.SizeBytes',
    ],
    [{ HostConfig: { ConsoleSize: [1] } }, 'HostConfig.ConsoleSize.1'],
    [{ Labels: { a: 1 } }, 'Labels.a'],
    [{ User: 'ro\0ot' }, 'User'],
    [{ HostConfig: { GroupAdd: ['a', 'b\0'] } }, 'HostConfig.GroupAdd.1'],
    [[], 'body'],
    ['text', 'body'],
  ])('names the member that is wrong: %j', (body, path) => {
    expect(() => checkCreateRequest(body)).toThrow(
      expect.objectContaining({ code: 'ERR_NS_INVALID_ARGUMENT', operation: path }),
    );
  });
});

describe('checkExecRequest', () => {
  it('checks likewise', () => {
    expect(checkExecRequest({ Cmd: ['ls'], Tty: null }).Tty).toBeUndefined();
    expect(() => checkExecRequest({ ConsoleSize: [-1, 2] })).toThrow('ConsoleSize.0');
  });
});
