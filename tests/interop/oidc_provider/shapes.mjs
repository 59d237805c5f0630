// What the access tokens of this provider look like.

import { createHash } from 'node:crypto';

// A user or a service account as Keycloak names it: a UUID, here always the same one for the same name.
function uuid(name) {
  const hex = createHash('sha256').update(name).digest('hex');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`];
  return [...parts, hex.slice(20, 32)].join('-');
}

// RFC 9068, which oidc-provider makes by itself: `sub` of an app's own token is its client id.
function rfc9068() {}

// Keycloak's: no `typ` in the header worth the name, `azp`, a claim `typ`, roles, and a user for each client
// that may get tokens for itself.
function keycloak(token, jwt) {
  const { client_id: client, sub, ...rest } = jwt.payload;
  const own = token.kind === 'ClientCredentials';
  const name = own ? `service-account-${client}` : sub;
  jwt.header = { typ: 'JWT' };
  jwt.payload = {
    ...rest,
    sub: uuid(name),
    typ: 'Bearer',
    azp: client,
    acr: '1',
    preferred_username: name,
    realm_access: { roles: ['offline_access', 'default-roles-main', 'uma_authorization'] },
    ...(own ? { client_id: client, clientHost: '127.0.0.1', clientAddress: '127.0.0.1' } : {}),
  };
}

// How a user is called in tokens, and what is made of a token.
export const shapes = {
  rfc9068: { subject: (name) => name, shape: rfc9068 },
  keycloak: { subject: uuid, shape: keycloak },
};
