/** Scenarios of the CloudEvents conformance suite for Kafka, read from its `.feature` files. */
import { isDeepStrictEqual } from 'node:util'
import { isFailure, readEvent } from '#runtime/cloudevents'
import type { CaseResult } from './ksql-case.ts'

/** Returns the scenarios of a text, an outline once for each of its examples. */
export function listScenarios(text: string): readonly { readonly name: string; readonly text: string }[] {
  return text
    .split(/^\s*Scenario(?: Outline)?:/m)
    .slice(1)
    .flatMap(scenario => {
      const [body = '', examples] = scenario.split(/^\s*Examples:\s*$/m)
      const [names, ...rows] = readTable(examples ?? '')
      const texts = names
        ? rows.map(row => names.reduce((all, name, i) => all.replaceAll(`<${name}>`, row[i] ?? ''), body))
        : [body]
      return texts.map(text => ({ name: text.trim().split('\n')[0] ?? '', text }))
    })
}

/** Returns whether a Kafka message is read as the event that the scenario names. */
export function runScenario(text: string): CaseResult {
  const [payload = '', data = 'null'] = [...text.matchAll(/"""(.*?)"""/gs)].map(([, quoted]) => quoted)
  const [given = '', expected = ''] = text.split(/attributes are:/)
  const headers = readTable(given)
    .slice(1)
    .map(([name = '', value = '']) => [name, Buffer.from(value)] as const)
  const event = readEvent({ value: Buffer.from(payload), headers: headers as never })
  if (isFailure(event)) return { outcome: 'different', detail: event.message }
  const wanted = [...readTable(expected).slice(1), ['data', JSON.parse(data)]].filter(
    ([name]) => name !== 'specversion',
  )
  const different = wanted.find(
    ([name, value]) => !isDeepStrictEqual(event[name as keyof typeof event], value),
  )
  return different
    ? { outcome: 'different', detail: `${different[0]} is another one` }
    : { outcome: 'equal', detail: '' }
}

function readTable(text: string): readonly (readonly string[])[] {
  const lines = text.split('\n').filter(line => line.trim().startsWith('|'))
  return lines.map(line =>
    line
      .trim()
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim()),
  )
}
