import type { JSX } from 'preact'

export function Kafka(): JSX.Element {
  return <h1>Kafka</h1>
}
