import type { JSX } from 'preact'

export function Cluster(): JSX.Element {
  return <h2>Cluster</h2>
}
