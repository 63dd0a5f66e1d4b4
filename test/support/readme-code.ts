/** Code in the README of the engine. */

/** Programs that exist only in the README. A test creates them in an empty folder. */
export const TYPED_FROM_THE_README = ['orders.ts', 'publish.ts']

/** Returns the code blocks with a file name, in order. */
export function codeBlocks(page: string): readonly { readonly file: string; readonly code: string }[] {
  const found = page.matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms)
  return [...found].map(([, file = '', code = '']) => ({ file, code }))
}
