/** A state in one word. The colour only repeats what the word says. */
import type { ComponentChildren, JSX } from 'preact'

export type Tone = 'good' | 'warn' | 'bad' | 'plain'

export function Badge({
  tone = 'plain',
  children,
}: {
  readonly tone?: Tone
  readonly children: ComponentChildren
}): JSX.Element {
  return <span class={`badge ${tone}`}>{children}</span>
}
