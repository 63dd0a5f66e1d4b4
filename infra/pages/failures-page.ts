/** Generates the list of failure codes in docs/failures.md from their table in the code. */
import { FAILURES, type FailureCode } from '#runtime/consumer'

/** Advice for an operator, by failure code. */
const REMEDIES: Readonly<Record<FailureCode, string>> = {
  'not-a-cloudevent':
    'Send CloudEvents to this topic, or declare it as an [input](inputs.md) with a mapping. Drop the letter.',
  'malformed-event':
    'Correct the producer: the reason names the attribute. Publish a corrected event, and drop the letter.',
  'record-too-large':
    'Read the record at its offset, make the producer send smaller ones, and drop the letter.',
  'attributes-too-large': 'Shorten the attribute that the reason names, and drop the letter.',
  'schema-violated': 'Correct the producer, or the schema of the family; then redrive.',
  'number-not-exact':
    'Let the producer send the number with fewer digits, or as a text if the schema allows one. Drop the letter.',
  'data-not-decodable':
    'Compare the data with the schema that the reason names. After a correction of the schema, redrive.',
  'unit-mismatch': 'Correct the unit of the reading, or its family or mapping; then redrive.',
  'mapping-failed': 'Try the record with `npx sluice mappings try TOPIC`, correct the mapping, then redrive.',
  'id-conflict':
    'Let the producer use each id once. If both events count, publish the second one with another id.',
  'time-in-future': 'Correct the clock of the producer. Redrive when the time has come.',
  'time-too-early': 'Correct the clock of the producer, or lower `EARLIEST_TIME`; then redrive.',
  'emission-too-large':
    'Let the process emit less for each event, or raise the limit of the topic; then redrive.',
  'state-too-large': 'Let the process keep less for each entity, then redrive.',
  'too-many-new-entities':
    'Look for a producer that invents names. Redrive the next day, or raise `NEW_ENTITIES_PER_DAY` for a larger fleet.',
  'emission-refused':
    'The reason shows the answer of Kafka, the event type and the topic. Correct the settings of the topic. The refused event is lost: drop the letter.',
  rejected: 'The reason is that of the consumer. Correct what it names, then redrive, or drop the letter.',
  skipped: 'Correct the code that hung or ended its function, deploy it, then redrive.',
  'timer-rejected':
    'Correct the timers of the process, and drop the letter. The timer is gone; the next event of its entity sets a new one.',
  'unknown-failure':
    'Nothing if the record was redriven twice. Otherwise the state is gone: redrive the letter of the first failure.',
  'lambda-discarded': 'Drop the letter: its consumer has read the record from the log.',
  'schema-unknown': 'Register the schema, or correct the id in the record. It is retried; later redrive it.',
  'not-accepted': 'Correct the receiver, or wait for it. It is retried; later redrive it.',
  'unexpected-error':
    'Correct the error at the place that the reason names, and deploy. It is retried; later redrive it.',
  'timer-failed':
    'Correct the error at the place that the reason names, deploy, and drop the letter. The timer is gone; the next event of its entity sets a new one.',
  'store-unavailable': 'Nothing: the record waits in Kafka until Redis answers.',
  'registry-unavailable': 'Nothing: the record waits in Kafka until the schema registry answers.',
  'broker-unavailable': 'Nothing: the record waits in Kafka until its brokers answer.',
}

const LIST = /(?<=^<!-- The list of codes is .* -->\n).*?(?=^<!-- end of the list -->$)/ms

/** Returns the page with a current list of codes. @throws Error if the page has no markers for it */
export function formatFailuresPage(page: string): string {
  if (!LIST.test(page)) throw new Error('docs/failures.md has no markers for the list of codes')
  const rows = Object.entries(FAILURES).map(
    ([code, { class: kind, description }]) =>
      `- **\`${code}\`** (${kind}): ${description}. *${REMEDIES[code as FailureCode]}*`,
  )
  return page.replace(LIST, () => `\n${rows.join('\n')}\n\n`)
}
