/** The `ts` code blocks of a Markdown text. */
export function codeBlocks(markdown: string): string[] {
  return [...markdown.matchAll(/^```(?:ts|typescript)\n(.*?)^```$/gms)].map((match) => match[1] ?? '');
}

/** A program as compared with its copy in a README: without the line that says what it needs, and space around. */
export const essence = (program: string): string => program.replace(/^\/\/ needs: .*\n/m, '').trim();

/** What an example needs of the machine: the words of its line `// needs: root, busybox`. */
export function needsOf(program: string): string[] {
  const [, words = ''] = /^\/\/ needs: (.*)$/m.exec(program) ?? [];
  return words.split(/[\s,]+/).filter((word) => word !== '');
}
