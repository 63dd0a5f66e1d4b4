/**
 * Takes orders. They do not depend on each other: every one is tried, and those that failed are named, so that they
 * alone are given up in the end. One that was taken may come again, as in every Kafka consumer that loses nothing.
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
