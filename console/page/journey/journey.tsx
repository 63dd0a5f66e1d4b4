import type { JSX } from 'preact'

export function Journey(): JSX.Element {
  return <h1>One event</h1>
}
