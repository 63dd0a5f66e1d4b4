/** Former names of consumers. Records that are redriven for a former name belong to the consumer that has replaced it. */
import type { Consumer } from '../consumer.ts'

type Named = Pick<Consumer, 'application'> & { readonly process: { readonly name: string } }

export function listFormerNames({ application, process }: Named): readonly string[] {
  const { formerNames = {} } = application
  return Object.hasOwn(formerNames, process.name) ? (formerNames[process.name] ?? []) : []
}

/** Returns true if the name is that of the consumer, or one of its former names. */
export function isNamed(name: string, consumer: Named): boolean {
  return name === consumer.process.name || listFormerNames(consumer).includes(name)
}
