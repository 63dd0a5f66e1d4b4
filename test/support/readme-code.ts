/** Extracts code from the README of the engine. */

/** Programs whose code is only in the README. A test creates their files in an empty folder. */
export const TYPED_FROM_THE_README = ['orders.ts', 'publish.ts', 'limits.ts', 'webhook.ts']

/** Returns the code blocks that have a file name, in order. */
export function codeBlocks(page: string): readonly { readonly file: string; readonly code: string }[] {
  const found = page.matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms)
  return [...found].map(([, file = '', code = '']) => ({ file, code }))
}
