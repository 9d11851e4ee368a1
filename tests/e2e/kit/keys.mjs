// Key pairs for tests.
import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";

/** Made as text and read again: to export a key while what made it is collected can hang Node 20. */
export function keyPair(type, options = {}) {
    const made = generateKeyPairSync(type, {
        ...options,
        publicKeyEncoding: { type: "spki", format: "pem" },
        privateKeyEncoding: { type: "pkcs8", format: "pem" },
    });
    return { privateKey: createPrivateKey(made.privateKey), publicKey: createPublicKey(made.publicKey) };
}
