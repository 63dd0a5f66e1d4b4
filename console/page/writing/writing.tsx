import type { JSX } from 'preact'

export function Writing(): JSX.Element {
  return <h1>Write</h1>
}
