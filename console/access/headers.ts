/** What a browser is told to keep to. */
import type { MiddlewareHandler } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import type { Access } from './access.ts'

/** Two years, as the lists of browsers ask for. */
const HTTPS_FOR_S = 2 * 365 * 24 * 60 * 60

/** Scripts and styles of the console itself and nothing else; no frames; no address of the console for other sites. */
export function safeHeaders({ isSecure }: Pick<Access, 'isSecure'>): MiddlewareHandler {
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      connectSrc: ["'self'"],
      // Pictures in style sheets are part of them.
      imgSrc: ["'self'", 'data:'],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
      baseUri: ["'none'"],
    },
    xFrameOptions: 'DENY',
    // With `no-referrer`, browsers hide the origin of a form, too, and the console could not tell its own.
    referrerPolicy: 'same-origin',
    strictTransportSecurity: isSecure ? `max-age=${HTTPS_FOR_S}` : false,
    permissionsPolicy: { camera: false, geolocation: false, microphone: false, payment: false, usb: false },
  })
}
