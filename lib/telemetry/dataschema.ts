/**
 * Returns the CloudEvents `dataschema` of an event type, which is the `$id` of the packaged JSON Schema in `events/schemas/`. It is
 * derived from the type. For example, the schema of `io.sluice.alert.fired.v1` is `…/alert.fired.v1.json`.
 */
export function toDataschema(type: string): string {
  return `https://sluice.io/schemas/${type.replace(/^io\.sluice\./, '')}.json`
}
