/** What does a profile say to a call? Needs neither root nor Linux. */
import {
  compileFilter,
  describeReturn,
  evaluateFilter,
  parseProfile,
  resolveProfile,
  syscallNumbers,
} from '@ns/seccomp';
import { AUDIT_ARCH } from '@ns/syscall';

const profile = parseProfile(`{
  "defaultAction": "SCMP_ACT_ALLOW",
  "syscalls": [
    { "names": ["ptrace", "kexec_load", "no_such_call"], "action": "SCMP_ACT_KILL_PROCESS" },
    { "names": ["socket"], "action": "SCMP_ACT_ERRNO", "errnoRet": 97,
      "args": [{ "index": 0, "op": "SCMP_CMP_GT", "value": 2 }] }
  ]
}`);
const context = { capabilities: [], architecture: 'x86_64', kernelVersion: '6.1' } as const;
const filter = compileFilter(resolveProfile(profile, context), 'x86_64');
console.log(`${filter.length} instructions, unknown: ${filter.unknownNames.join(', ')}`);

for (const [name, ...args] of [['ptrace'], ['socket', 1], ['socket', 40], ['read']] as const) {
  const number = syscallNumbers('x86_64').get(name)!;
  const { value, instructions } = evaluateFilter(filter.program, {
    number,
    architecture: AUDIT_ARCH.AUDIT_ARCH_X86_64,
    args,
  });
  console.log(`${name}(${args.join(', ')}): ${describeReturn(value)}, ${instructions} instructions`);
}
