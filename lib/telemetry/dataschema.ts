/**
 * The CloudEvents `dataschema` of an event type: the `$id` of the JSON Schema that ships in `schemas/`. It follows from
 * the type: `io.sluice.alert.fired.v1` is described by `…/alert.fired.v1.json`.
 */
export function dataschemaOf(type: string): string {
  return `https://sluice.io/schemas/${type.replace(/^io\.sluice\./, '')}.json`
}
