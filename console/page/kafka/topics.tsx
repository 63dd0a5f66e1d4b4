import type { JSX } from 'preact'

export function Topics(): JSX.Element {
  return <h2>Topics</h2>
}
