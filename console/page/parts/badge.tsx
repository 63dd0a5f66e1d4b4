/** A state in one word. The colour only repeats what the word says. */
import type { ComponentChildren, JSX } from 'preact'

export type Tone = 'good' | 'warn' | 'bad' | 'plain'

export function Badge({
  tone = 'plain',
  title,
  children,
}: {
  readonly tone?: Tone
  /** More words, for those who point at it. */
  readonly title?: string
  readonly children: ComponentChildren
}): JSX.Element {
  return (
    <span class={`badge ${tone}`} title={title}>
      {children}
    </span>
  )
}
