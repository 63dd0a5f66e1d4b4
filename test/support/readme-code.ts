/** The code on the README of the engine. */

/** Programs that are nowhere but there: a test types them into an empty folder. */
export const TYPED_FROM_THE_README = ['orders.ts', 'publish.ts']

/** The code blocks that name their file, in order. */
export function codeBlocks(page: string): readonly { readonly file: string; readonly code: string }[] {
  const found = page.matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms)
  return [...found].map(([, file = '', code = '']) => ({ file, code }))
}
