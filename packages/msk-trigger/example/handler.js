/**
 * Processes orders. Orders do not depend on each other, so every record is tried, and only the failed ones
 * are reported and eventually discarded. An order may be delivered again, as in every Kafka consumer with
 * at-least-once delivery.
 */
export async function orders(event) {
  const batchItemFailures = []
  for (const [partition, records] of Object.entries(event.records)) {
    for (const record of records) {
      if (!take(record)) batchItemFailures.push({ itemIdentifier: { partition, offset: record.offset } })
    }
  }
  return { batchItemFailures }
}

function take({ value }) {
  try {
    const order = JSON.parse(Buffer.from(value, 'base64').toString())
    console.log(`took order ${order.id}`)
    return true
  } catch (error) {
    console.error(`not an order: ${error.message}`)
    return false
  }
}
