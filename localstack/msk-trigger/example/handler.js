/**
 * Takes orders. At the first that fails it stops in that partition, and reports it with all that follow, so that the
 * order holds whatever Lambda does with the records behind a failed one.
 */
export async function orders(event) {
  const batchItemFailures = []
  for (const [partition, records] of Object.entries(event.records)) {
    const failed = records.findIndex(record => !take(record))
    if (failed === -1) continue
    for (const { offset } of records.slice(failed)) {
      batchItemFailures.push({ itemIdentifier: { partition, offset } })
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
