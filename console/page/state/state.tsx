import type { JSX } from 'preact'

export function State(): JSX.Element {
  return <h1>State</h1>
}
