import type { JSX } from 'preact'

export function Alerts(): JSX.Element {
  return <h1>Alerts</h1>
}
