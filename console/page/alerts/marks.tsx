/** Small parts that several pages about alerts show. */
import type { JSX } from 'preact'

/** Never by colour alone: the word is there. */
export function Severity({ of }: { readonly of: string }): JSX.Element {
  const known = ['critical', 'warning', 'info'].includes(of) ? of : 'info'
  return <span class={`alerts-severity alerts-${known}`}>{of}</span>
}
