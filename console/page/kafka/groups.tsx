import type { JSX } from 'preact'

export function Groups(): JSX.Element {
  return <h2>Groups</h2>
}
