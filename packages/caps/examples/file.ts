// needs: root linux
/** Lets a program open raw sockets without root, and shows what file capabilities look like. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  formatFileCapabilities,
  parseCapabilityText,
  readFileCapabilities,
  removeFileCapabilities,
  writeFileCapabilities,
} from '@ns/caps';

const folder = mkdtempSync(join(tmpdir(), 'caps-'));
const program = join(folder, 'program');
copyFileSync('/bin/true', program);

const { permitted, inheritable } = parseCapabilityText('cap_net_raw,cap_net_bind_service=p');
writeFileCapabilities(program, { permitted, inheritable, effective: true });
console.log(formatFileCapabilities(readFileCapabilities(program)!));

removeFileCapabilities(program);
console.log(readFileCapabilities(program));
rmSync(folder, { recursive: true });
