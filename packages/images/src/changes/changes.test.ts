import { describe, expect, test } from 'vitest';

import { applyChanges } from './changes.js';

describe('instructions', () => {
  test.each([
    ['CMD ["/bin/sh", "-c", "x"]', { Cmd: ['/bin/sh', '-c', 'x'] }],
    ['CMD echo $HOME "a b"', { Cmd: ['/bin/sh', '-c', 'echo $HOME "a b"'] }],
    ["CMD ['sh']", { Cmd: ['/bin/sh', '-c', "['sh']"] }],
    ['CMD []', { Cmd: null }],
    ['cmd ["a"]', { Cmd: ['a'] }],
    ['ENTRYPOINT ["/init"]', { Entrypoint: ['/init'] }],
    ['ENV A=1 B="two words" C=three\\ words', { Env: ['A=1', 'B=two words', 'C=three words'] }],
    ['ENV NAME the rest of the line', { Env: ['NAME=the rest of the line'] }],
    ['ENV EMPTY=', { Env: ['EMPTY='] }],
    [
      'EXPOSE 80 443/tcp 53/UDP 8000-8002',
      {
        ExposedPorts: {
          '80/tcp': {},
          '443/tcp': {},
          '53/udp': {},
          '8000/tcp': {},
          '8001/tcp': {},
          '8002/tcp': {},
        },
      },
    ],
    ['LABEL a=b "c d"="e f" g=\'h $i\'', { Labels: { a: 'b', 'c d': 'e f', g: 'h $i' } }],
    ['ONBUILD RUN make', { OnBuild: ['RUN make'] }],
    ['STOPSIGNAL SIGQUIT', { StopSignal: 'SIGQUIT' }],
    ['STOPSIGNAL 9', { StopSignal: '9' }],
    ['USER 1000:1000', { User: '1000:1000' }],
    ['VOLUME ["/data", "/logs"]', { Volumes: { '/data': {}, '/logs': {} } }],
    ['VOLUME /data /logs', { Volumes: { '/data': {}, '/logs': {} } }],
    ['WORKDIR app', { WorkingDir: '/app' }],
    ['HEALTHCHECK NONE', { Healthcheck: { Test: ['NONE'] } }],
    [
      'HEALTHCHECK --interval=1m30s --retries=3 CMD curl -f x',
      {
        Healthcheck: { Interval: 90e9, Retries: 3, Test: ['CMD-SHELL', 'curl -f x'] },
      },
    ],
    [
      'HEALTHCHECK --start-period=1.5s CMD ["a"]',
      { Healthcheck: { StartPeriod: 1.5e9, Test: ['CMD', 'a'] } },
    ],
  ])('%s', (line, expected) => {
    expect(applyChanges([line])).toEqual(expected);
  });

  test('follow each other', () => {
    expect(
      applyChanges([
        'ENV DIR=/srv VERSION=1',
        'ENV VERSION=2 PATH=${PATH:-/bin}:$DIR/bin',
        'WORKDIR $DIR',
        'WORKDIR sub',
        'LABEL version=$VERSION path="${DIR}/x" none=${NONE:+set} some=${DIR:+set} escaped=\\$DIR',
        'VOLUME /a',
        'VOLUME /b',
        'EXPOSE $VERSION',
      ]),
    ).toEqual({
      Env: ['DIR=/srv', 'VERSION=2', 'PATH=/bin:/srv/bin'],
      WorkingDir: '/srv/sub',
      Labels: { version: '2', path: '/srv/x', none: '', some: 'set', escaped: '$DIR' },
      Volumes: { '/a': {}, '/b': {} },
      ExposedPorts: { '2/tcp': {} },
    });
  });

  test('may be commented, and go on behind a backslash', () => {
    expect(applyChanges(['# a comment\nENV A=1 \\\n  B=2\n\nUSER nobody\\'])).toEqual({
      Env: ['A=1', 'B=2'],
      User: 'nobody',
    });
  });

  test('none make an empty configuration', () => {
    expect(applyChanges([])).toEqual({});
  });
});

describe('refused', () => {
  test.each([
    ['RUN make', '"RUN" is no instruction that can change an image'],
    ['constructor x', '"constructor" is no instruction'],
    ['ENV', 'ENV requires at least one argument'],
    ['ENV A', 'ENV A has no value'],
    ['ENV A=1 B', 'ENV: "B" is not NAME=VALUE'],
    ['ENV =1', 'ENV: "=1" has no name'],
    ['LABEL "a=b', 'a quote in'],
    ['LABEL a=${b', 'a brace in'],
    ['LABEL a=${b%x}', '${b%x} is no variable that is understood'],
    ['EXPOSE 70000', 'EXPOSE: "70000" is no port'],
    ['EXPOSE 0', 'EXPOSE: "0" is no port'],
    ['EXPOSE 90-80', 'EXPOSE: "90-80" is no port'],
    ['EXPOSE 80/icmp', 'EXPOSE: "80/icmp" is no port'],
    ['STOPSIGNAL SIGNOPE', 'STOPSIGNAL: "SIGNOPE" is no signal'],
    ['STOPSIGNAL 65', 'STOPSIGNAL: "65" is no signal'],
    ['USER', 'USER requires exactly one argument'],
    ['VOLUME []', 'VOLUME requires at least one argument'],
    ['WORKDIR', 'WORKDIR requires exactly one argument'],
    ['HEALTHCHECK --interval=soon CMD x', '"soon" is no duration'],
    ['HEALTHCHECK --constructor=1s CMD x', 'HEALTHCHECK has no option --constructor=1s'],
    ['HEALTHCHECK x', 'HEALTHCHECK is followed by NONE'],
    ['ONBUILD', 'ONBUILD requires an instruction'],
  ])('%s', (line, fact) => {
    expect(() => applyChanges([line])).toThrow(fact);
    expect(() => applyChanges([line])).toThrow(/^changes: /);
  });
});
