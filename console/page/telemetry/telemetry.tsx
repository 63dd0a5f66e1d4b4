import type { JSX } from 'preact'

export function Telemetry(): JSX.Element {
  return <h1>Telemetry</h1>
}
