/** A comment of a source file. */
export interface Comment {
  readonly line: number
  readonly text: string
}

/** Comments in the style of C begin after a space or a bracket, so that neither a URL nor the pattern of a path begins one. */
const SLASHES = /(?<=^|[\s({,[;])(?:\/\*[\s\S]*?\*\/|\/\/.*$)/gm
const HASH = /(?<=^|\s)#.*$/gm
const DASHES = /--.*$/gm
const NONE = /(?!)/g

const FORMS: Readonly<Record<string, RegExp>> = {
  json: NONE,
  lua: DASHES,
  sql: DASHES,
  py: HASH,
  sh: HASH,
  yaml: HASH,
  yml: HASH,
}

/** Separates a file into its comments and its code. In the code, spaces replace the comments, and its lines stay where they are. */
export function splitComments(
  file: string,
  text: string,
): { readonly code: string; readonly comments: readonly Comment[] } {
  const comments: Comment[] = []
  const [, ending = ''] = /\.(\w+)$/.exec(file) ?? []
  const code = text.replace(FORMS[ending] ?? SLASHES, (comment: string, at: number) => {
    comments.push({ line: text.slice(0, at).split('\n').length, text: comment })
    return comment.replaceAll(/[^\n]/g, ' ')
  })
  return { code, comments }
}
