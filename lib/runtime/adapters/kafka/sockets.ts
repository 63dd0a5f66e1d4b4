/** Connections that say in plain words why TLS failed. */
import { explainedSocket, type TlsAdvice } from '@sluice/kafka-records/connecting'
import type { ISocketFactory } from 'kafkajs'

const ADVICE: TlsAdvice = {
  unknownAuthority: "KAFKA_CA_FILE (--ca-file) must name the authority's certificate",
  tlsExpected: 'KAFKA_AUTH (--auth) must not be none, nor KAFKA_TLS off',
  plainTextExpected: 'if its listener is in plain text, KAFKA_AUTH (--auth) must be none, or KAFKA_TLS off',
  certificateWanted: 'name it with KAFKA_CERT_FILE and KAFKA_KEY_FILE, or with KAFKA_SECRET',
}

/** The sockets that the client library makes itself, with clear errors. */
export const explainingSockets: ISocketFactory = ({ ssl, ...place }) => explainedSocket(place, ssl, ADVICE)
