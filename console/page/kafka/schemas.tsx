import type { JSX } from 'preact'

export function Schemas(): JSX.Element {
  return <h2>Schemas</h2>
}
