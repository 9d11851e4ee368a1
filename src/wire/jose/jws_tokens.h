/* jws_tokens - one ID token for each algorithm, made by the npm package jose 6.2.17 with keys that
 * were thrown away. Test data only; the secret is 64 bytes. */
#ifndef USHER_WIRE_JOSE_JWS_TOKENS_H
#define USHER_WIRE_JOSE_JWS_TOKENS_H

#include "wire/jose/jws.h"

#define TOKENS_RSA                                                                                 \
    "{\"kty\":\"RSA\",\"n\":\"qp9JIjerGOVRjzm3Bjm71He2aDNFrz9AD1ZkUQsI_WHyxrKSWRi2tSwaswL2csVbK"   \
    "LlcqiDZmHE8oIzN9O_cXg9Hne200GtFcpeViTNK7veYB36FCxslp23JPXYqSJv7ZLzo72KeSjW_eriMl6JNCpsHgmC"   \
    "XKybXXhxfjHNlaazQ9iN4pMjvsr3GPMtGgEnDUBooWAVBgAgcvuOpEmJ9iVOkioqsgvvTgkszur7Ehi9M0HoszcCtG"   \
    "5e5PJM5na9RgzrF6Swyu5MljH524jSn8wfBcZRrV96Qi46l4zKzW4m3VgaQx9KBJ3UkgBsnroLfkoCuRI9ZfAMczwu"   \
    "_tSE73w\",\"e\":\"AQAB\",\"kid\":\"rsa\"}"
#define TOKENS_P256                                                                                \
    "{\"kty\":\"EC\",\"x\":\"6zfvFMZfqJod2bqIm6klFg9m4aE3ozYp3uUNcN3k6VY\",\"y\":\"xV1QUeOuC9C1"   \
    "ELL5Nc_B19RGJArGNEyguvGaD4rjtHg\",\"crv\":\"P-256\",\"kid\":\"p256\"}"
#define TOKENS_P384                                                                                \
    "{\"kty\":\"EC\",\"x\":\"quXxmhN-Z2iJXQYdRESdFCDGhfgReZeGxxaHnlETw2wrrZuXnDXmGOSNS1IyDHZ1\""   \
    ",\"y\":\"-yHixm-moNrxmLxVImfDFU6jG6P0e5oBdv9NouNjqBvsa0Z3x30XL4Orj1kx0EpU\",\"crv\":\"P-38"   \
    "4\",\"kid\":\"p384\"}"
#define TOKENS_P521                                                                                \
    "{\"kty\":\"EC\",\"x\":\"AXFYrHVt7yoRYkshxD7z1nJYCkLJpKqvkLBxoHm68xbhnzTKt6-y2mR38jBAM22J1O"   \
    "9qOTsgWKcun-Gu88HJIFnR\",\"y\":\"AT2hs-AwllZCi1pgJmJ4EBg4gmBNWIcwVRwn8rKDCdSEfsl-eS8yFMIa2"   \
    "gT80NmI8eqej3NfKKSSzEXqcbLXvLER\",\"crv\":\"P-521\",\"kid\":\"p521\"}"
#define TOKENS_ED                                                                                  \
    "{\"crv\":\"Ed25519\",\"x\":\"8gZiOqJuqbcoxXcGqPimfZbnuUCeSe-A-MlafkPmCTk\",\"kty\":\"OKP\""   \
    ",\"kid\":\"ed\"}"
#define TOKENS_JWKS                                                                                \
    "{\"keys\":[" TOKENS_RSA "," TOKENS_P256 "," TOKENS_P384 "," TOKENS_P521 "," TOKENS_ED "]}"
/* base64url */
#define TOKENS_SECRET                                                                              \
    "ZnzYj7dssKCtJkTQCkdYqu-NUygjp3O4Wud1NU28kNkxJYYhBtkfoY-fTBshMZPya9igW8RYFg0dOgbqYpMUNw"

static const struct {
    const char *name;
    usher_jws_alg alg;
    const char *key; /* NULL: the secret */
    const char *token;
} tokens[] = {
    {"RS256", USHER_RS256, TOKENS_RSA,
     "eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL29wLmV4YW1wbGUiLCJzdWIiOiI0MiIsI"
     "mF1ZCI6ImNsaWVudCIsImV4cCI6MTgwMDAwMDA2MCwiaWF0IjoxNzk5OTk5OTkwLCJub25jZSI6Im4wbmNlIiwiYXR"
     "faGFzaCI6InNkYTVHMmZDcjZYaklwaU5sR0pqalEifQ.pPHrzjcrpafLSIzkPIUnhr_eboHia01mFuSjqN56zFpYJd"
     "k7tTBPvGofR_a-FllCxs4WBRZLJ0SqR6rVkOZOWKF_S7uHGhHcblAtLs9PwQI4T3cjiW-9I_hW4PBlIMbvVKyZn5qI"
     "X84kp_vP5raL3D_CjD37ONBRKKjc-GBmbFcVlkFguMPLylWgDdTRg5fL9CpYdQOz1RTpjIz6JydWcUSG2GaE8yRdPP"
     "X42yaJ-LZka3sc9tpOHd3FthUPrOPpKrrHO2IZqtJ1IH4EzLZ4si6p8Sx3WT7OKDnz6FWlhayaC-2Zt7r_tLB1eMSd"
     "RmZITItWHe5cRqR01ElXGDjh8w"},
    {"RS384", USHER_RS384, TOKENS_RSA,
     "eyJhbGciOiJSUzM4NCIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL29wLmV4YW1wbGUiLCJzdWIiOiI0MiIsI"
     "mF1ZCI6ImNsaWVudCIsImV4cCI6MTgwMDAwMDA2MCwiaWF0IjoxNzk5OTk5OTkwLCJub25jZSI6Im4wbmNlIiwiYXR"
     "faGFzaCI6IjRodWxFTzJUMDR5ODZGc1pLMnBBOGZ4RGNSQ0NpNnVjIn0.KSQl-APcqhdTUla8GxZCAf4ks2l8OvQ_A"
     "hfUfdRj_8jshIK97IdwlqftQNyws4udmAASFU_lV2o-CBu1anYYFdgD_tDv9l23xVWYTS2tyPVRd21zFOJEXXUdWwA"
     "jcpHONB-2y-nwL8ri3E-29PSdGk-2tjldY968x7MCO2FA0BfiDWg9oAZ_PzBSEwKsvskeEFsnRRdIfK_ZAupcBKVUI"
     "qOHFbWp1eHnjFHAo7cmJdyDIFqFKVCh6dEo8-wGn0oinU6tPujW4LP6TWei7RdAwVluKl8KUkvnZzL84QSZHQEF47K"
     "8wbeenjBK5gZcOeLdp8I0oPzKhUdliKykGhKVUw"},
    {"RS512", USHER_RS512, TOKENS_RSA,
     "eyJhbGciOiJSUzUxMiIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL29wLmV4YW1wbGUiLCJzdWIiOiI0MiIsI"
     "mF1ZCI6ImNsaWVudCIsImV4cCI6MTgwMDAwMDA2MCwiaWF0IjoxNzk5OTk5OTkwLCJub25jZSI6Im4wbmNlIiwiYXR"
     "faGFzaCI6ImRUUjVuTnFOcnN4cWpXUF9sQ1RIMkVTV3BlVHY5ZjF5WnJhSl93c1NqakUifQ.eFFHAByNrXTf7hPP_a"
     "zySEvAFJRG-H7tDvmVBH6qGBYfDnKHo62uvwR4XectI0LPr88x-GQigzAiindmV6zs0pfLLiBN9R-O7hGfYp9gdPUi"
     "mIsE1mIXM3B4TP5y_YyVy09pCc6QI1GapPgySHlKQttW1W2OTPvtA7mOsuIHb5ovjnbIx2HPEugcyoG_dlTuZn1Wrz"
     "7W6nR1BEivJAFy_rKPVZ-H_mBC1w3FD-B2Bvs2ULXgaYwvk9O96Fkr8sce8jvp2Iga3Win1Tgy1FFUmZIwQhqMHpCX"
     "yAOijrTFZSqSow4eX6-B5oo_iSFgWzKGBNbDZ0Em5ZGfFkR-wHXmhg"},
    {"PS256", USHER_PS256, TOKENS_RSA,
     "eyJhbGciOiJQUzI1NiIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL29wLmV4YW1wbGUiLCJzdWIiOiI0MiIsI"
     "mF1ZCI6ImNsaWVudCIsImV4cCI6MTgwMDAwMDA2MCwiaWF0IjoxNzk5OTk5OTkwLCJub25jZSI6Im4wbmNlIiwiYXR"
     "faGFzaCI6InNkYTVHMmZDcjZYaklwaU5sR0pqalEifQ.Fd21z2iHMBf6vRT8yIF_KWRV502fcutZGqLYOJWceXer4u"
     "LLE2ZHLNzuz3_lZA1f5cVNIRFRvc3ZzsFd5Pq4DQOW3g8eNDhOHKJvu5VALRMgQIwh5S3YchQOkGMHH_o7xJium6Om"
     "xVAU6po_haAZC58iahNZ0jgfhKrsz3sn6JYCWlo1Rax5MEVI8xGACyIwt4032hxvg5uzg_fV4vFQx2lfcq_NCV2HgN"
     "PIcVK0-cJTMAZReiWclYQdX_dERKO4frTtoBCKa6YgTcZ5Ibm2cm-_KXLQyFzsSPyxW-p_OhseQp7rOZMjaWDaYeBv"
     "TSu_GPiJR513dMuSQEUoj9WrdA"},
    {"PS384", USHER_PS384, TOKENS_RSA,
     "eyJhbGciOiJQUzM4NCIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL29wLmV4YW1wbGUiLCJzdWIiOiI0MiIsI"
     "mF1ZCI6ImNsaWVudCIsImV4cCI6MTgwMDAwMDA2MCwiaWF0IjoxNzk5OTk5OTkwLCJub25jZSI6Im4wbmNlIiwiYXR"
     "faGFzaCI6IjRodWxFTzJUMDR5ODZGc1pLMnBBOGZ4RGNSQ0NpNnVjIn0.oXiTfT_Y67AdS_0dV4mAz5p9V_pRxdhbe"
     "7lhOLAEg4ox27EKlMcW9rRX27vevt1qZGZZqlH7tSPo_mWkICfMaI4oRQzLRBDHzDAMrazLZDIfR_KYNvW44hW-Hvk"
     "-UlQuGnfhdICmK9Zq_0ESgsUZAVAhFfTmx36UdMBXO4GvZbEbgdcMgZ_cPe_m9Bj-_XxFhlPO-mCPK-e2KAeo6XRRC"
     "beFQeAzTZjTl3gvGCQqENToNltcxw7KnCLkvn9tyAQ48puq2gzh2m--IygYjN9plcQfl6FVayDX4mSrXnc4Cf7jFD-"
     "U1x4QhEZkyuFtVr6ULOIdrsLoJiIbUkdIn8XNeQ"},
    {"PS512", USHER_PS512, TOKENS_RSA,
     "eyJhbGciOiJQUzUxMiIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL29wLmV4YW1wbGUiLCJzdWIiOiI0MiIsI"
     "mF1ZCI6ImNsaWVudCIsImV4cCI6MTgwMDAwMDA2MCwiaWF0IjoxNzk5OTk5OTkwLCJub25jZSI6Im4wbmNlIiwiYXR"
     "faGFzaCI6ImRUUjVuTnFOcnN4cWpXUF9sQ1RIMkVTV3BlVHY5ZjF5WnJhSl93c1NqakUifQ.RTrRC3n_BeGS60ln65"
     "o7yi54U6ay3-k_hM3gKDD9Sefx23naWO6f9YQBhBCwbePtV5zxmH_cooOXuTFtSjLxEusZiCkg24eZg7QjeZof7uQz"
     "Wj3d4hD3MjaGfUXzjsZisP7uqLmUnxfAcXrVoItZuoYDac6gyUz6g3B7TagZlRLEIxIO6hpLfzvJLMBMzQ1mS2zKUO"
     "TSZSbY714mpKUzzmlT-ADiwTkpnMYodWmlsZTX-WoCWkAZp2oS60pU3AihNNC0DIQJIhovg4n1zKj25t2IjMUXqNgT"
     "7oZAAHhGEFY9KSrkZ8yJZrricMj3gou-3C7JxtvnvHzBMSXASgKx4Q"},
    {"ES256", USHER_ES256, TOKENS_P256,
     "eyJhbGciOiJFUzI1NiIsImtpZCI6InAyNTYifQ.eyJpc3MiOiJodHRwczovL29wLmV4YW1wbGUiLCJzdWIiOiI0MiI"
     "sImF1ZCI6ImNsaWVudCIsImV4cCI6MTgwMDAwMDA2MCwiaWF0IjoxNzk5OTk5OTkwLCJub25jZSI6Im4wbmNlIiwiY"
     "XRfaGFzaCI6InNkYTVHMmZDcjZYaklwaU5sR0pqalEifQ.Gp7yWT9zEPsq5CgoS_Ap8j4KKBTHHEn3j1RLVTsM3VM8"
     "fJD7E2yMLGkZaWVxrEnqmNOnY2E0G9hdGVq1chltqg"},
    {"ES384", USHER_ES384, TOKENS_P384,
     "eyJhbGciOiJFUzM4NCIsImtpZCI6InAzODQifQ.eyJpc3MiOiJodHRwczovL29wLmV4YW1wbGUiLCJzdWIiOiI0MiI"
     "sImF1ZCI6ImNsaWVudCIsImV4cCI6MTgwMDAwMDA2MCwiaWF0IjoxNzk5OTk5OTkwLCJub25jZSI6Im4wbmNlIiwiY"
     "XRfaGFzaCI6IjRodWxFTzJUMDR5ODZGc1pLMnBBOGZ4RGNSQ0NpNnVjIn0.PPvfiPqNUOaO8xAy1_TUDTdbRoPmI-u"
     "8jQ5cCPUNO7Pln-mq7KJwD2ZvPle7TNO2sGnfQwl4ipyEDLJsuI68awoYU0B6FItIkQxr96lCCCSOiYsUrDaNKgGsA"
     "_cU3tto"},
    {"ES512", USHER_ES512, TOKENS_P521,
     "eyJhbGciOiJFUzUxMiIsImtpZCI6InA1MjEifQ.eyJpc3MiOiJodHRwczovL29wLmV4YW1wbGUiLCJzdWIiOiI0MiI"
     "sImF1ZCI6ImNsaWVudCIsImV4cCI6MTgwMDAwMDA2MCwiaWF0IjoxNzk5OTk5OTkwLCJub25jZSI6Im4wbmNlIiwiY"
     "XRfaGFzaCI6ImRUUjVuTnFOcnN4cWpXUF9sQ1RIMkVTV3BlVHY5ZjF5WnJhSl93c1NqakUifQ.ARPBOeQmUoAdriMz"
     "VfK3GhuipamSvJVUiYAcTokgARrjh093FDRFPIG0dWrbmLkkc7rjj3LmCIt5E3fwwylt9z_2AKi6ri9lC8biwhsQ-x"
     "pU0kp3aXi6LO9rec3LUwhUxYucMiq7RWZ6NeVGIf40D4caZHcrOG9Co2RYsEbHXT6ZBkEm"},
    {"EdDSA", USHER_EDDSA, TOKENS_ED,
     "eyJhbGciOiJFZERTQSIsImtpZCI6ImVkIn0.eyJpc3MiOiJodHRwczovL29wLmV4YW1wbGUiLCJzdWIiOiI0MiIsIm"
     "F1ZCI6ImNsaWVudCIsImV4cCI6MTgwMDAwMDA2MCwiaWF0IjoxNzk5OTk5OTkwLCJub25jZSI6Im4wbmNlIiwiYXRf"
     "aGFzaCI6ImRUUjVuTnFOcnN4cWpXUF9sQ1RIMkVTV3BlVHY5ZjF5WnJhSl93c1NqakUifQ.XKM4rOISBDHjGSsMbVd"
     "HDRHfzPjuIavhtfL2b9biDG8mNzK8scVbWYkUoouNgNXxRFuSE5giyBJaBNvByEW1AA"},
    {"HS256", USHER_HS256, NULL,
     "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJodHRwczovL29wLmV4YW1wbGUiLCJzdWIiOiI0MiIsImF1ZCI6ImNsaWVud"
     "CIsImV4cCI6MTgwMDAwMDA2MCwiaWF0IjoxNzk5OTk5OTkwLCJub25jZSI6Im4wbmNlIiwiYXRfaGFzaCI6InNkYTV"
     "HMmZDcjZYaklwaU5sR0pqalEifQ.yua3UtVEdrO0JaF8QQPJG4KUn2VefP7OG5cMgwCrEg8"},
    {"HS384", USHER_HS384, NULL,
     "eyJhbGciOiJIUzM4NCJ9.eyJpc3MiOiJodHRwczovL29wLmV4YW1wbGUiLCJzdWIiOiI0MiIsImF1ZCI6ImNsaWVud"
     "CIsImV4cCI6MTgwMDAwMDA2MCwiaWF0IjoxNzk5OTk5OTkwLCJub25jZSI6Im4wbmNlIiwiYXRfaGFzaCI6IjRodWx"
     "FTzJUMDR5ODZGc1pLMnBBOGZ4RGNSQ0NpNnVjIn0.9YRlzrF1xYxiAolOqF8GoUeSn5C-BEpv7PMmsjUc8ltMjy4UU"
     "RcI2xAIKPCVTv1q"},
    {"HS512", USHER_HS512, NULL,
     "eyJhbGciOiJIUzUxMiJ9.eyJpc3MiOiJodHRwczovL29wLmV4YW1wbGUiLCJzdWIiOiI0MiIsImF1ZCI6ImNsaWVud"
     "CIsImV4cCI6MTgwMDAwMDA2MCwiaWF0IjoxNzk5OTk5OTkwLCJub25jZSI6Im4wbmNlIiwiYXRfaGFzaCI6ImRUUjV"
     "uTnFOcnN4cWpXUF9sQ1RIMkVTV3BlVHY5ZjF5WnJhSl93c1NqakUifQ.DGciaOonUZqiB-uoWDmjKh2FMxrPUgjMFa"
     "wB0SWnJSyZ2qqH0wVPUZz4NT9W_DnfwKz_GLxNK7JumFM4YWq80w"},
};
#define TOKENS (sizeof tokens / sizeof *tokens)

#endif
