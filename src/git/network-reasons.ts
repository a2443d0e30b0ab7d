/** What is wrong and what to do, for the code of an error of the network; null for a code that is none. */
export function networkReason(code: string): string | null {
  const reason = REASONS[code]
  if (reason !== undefined) return reason
  if (CERTIFICATE_CODES.test(code)) return `its certificate is not trusted (${code}); give the certificate of its authority as ca.crt`
  return null
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused; check that the server runs and that host and port are right',
  ECONNRESET: 'the connection was cut; it is tried again',
  EPIPE: 'the connection was cut; it is tried again',
  ENOTFOUND: 'its host name is unknown; check the URL and the name service',
  EAI_AGAIN: 'the name service does not answer; it is tried again',
  ETIMEDOUT: 'no answer; check the network and its firewalls',
  EHOSTUNREACH: 'no way to the host; check the network and its firewalls',
  ENETUNREACH: 'no way to the network; check the network and its firewalls',
  CERT_HAS_EXPIRED: 'its certificate has expired; renew it on the server',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name; use the name in the certificate',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS; perhaps the URL should start with http://',
  EPROTO: 'TLS failed; check that the port speaks TLS and which versions it allows',
}
const CERTIFICATE_CODES = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/
