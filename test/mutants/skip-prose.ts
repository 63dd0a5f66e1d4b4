/** A plugin of StrykerJS that leaves text for people as it is, because the wording of messages is not tested. */
import type { babel } from '@stryker-mutator/core'

export const strykerPlugins = [{ kind: 'Ignore', name: 'prose', value: { shouldIgnore } }]

function shouldIgnore(path: babel.NodePath): string | undefined {
  const text = path.isStringLiteral()
    ? path.node.value
    : path.isTemplateLiteral()
      ? path.node.quasis.map(({ value }) => value.raw).join('')
      : ''
  return isProse(text) ? 'text for people' : undefined
}

/** Whether a text has words with white space between them. */
function isProse(text: string): boolean {
  return /\p{L}{2}.*\s|\s.*\p{L}{2}/u.test(text)
}
