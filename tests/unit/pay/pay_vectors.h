#ifndef HENG_TESTS_PAY_VECTORS_H
#define HENG_TESTS_PAY_VECTORS_H
/* Worked examples of payment channels: PY-P1 from github wechatpay-apiv3/wechatpay-go utils/aes_test.go; PY-C1 .. PY-C6
 * made by the rules of pay.weixin.qq.com and global.alipay.com with a key made for tests, of which only the public half
 * is here. */
static const char pay_public_key[] = "-----BEGIN PUBLIC KEY-----\n"
                                     "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAt//GNsPabzClEUrWN7Y6\n"
                                     "OFRYkNVYwAdSE/QpCrcMHynaQAjAqWhlg5dZolji8PKZO50p6Kqke84CQe8sTa6A\n"
                                     "tOGSaYrPKsxJvdit8+Itd0Xcm139oCrAnWVSycawezyKKyw6CiszcSH77Te7sxun\n"
                                     "vMgjdtPmyYr8Mnj4RoSm+Ubp+OqJzJaMbU8GMQfbVXOly/Cxf2Naf6uJj6s3N60o\n"
                                     "tuW/ldNNPrbd2I8CjK1fCZkyxsSglD1D/yaFcqCbK6O1F1fEuGmK2AcY25ugtjB1\n"
                                     "gSmFf/sEzg3SZkMt/TByEWtfLVHbsOcLYZWv5hYQ1mBY/gBSDcKeWeUMSe3ZOcgu\n"
                                     "nQIDAQAB\n"
                                     "-----END PUBLIC KEY-----\n";
static const char pay_c1_message[] = "GET\n/v3/certificates\n1554208460\n593BEC0C930BF1AFEB40B4A08C8FB242\n\n";
static const char pay_c1_signature[] =
    "gFcgnZJsNyijtyANvrL7WIbHB0t2cVxuj7uI3wveSBZYHyi+l76tXTk+EqvCcR+cXG2ECF9F/rAWZCkR+BUjc0+DIl"
    "IdRlUf59U/WQwR9wfOuZK0TLeEZH6F3yndsntICiFCFjQBG3/ApRXOuI5wQeUroe9QOf8+PwluGLM116GNUNnTrQZZ"
    "K3KoOSQUsVHf8IqZvHz3z/1hn6Skcc7wgFFsIXMJffwVl1Gr/E0VX/Q4kOv+dbcyvQs/rO8vnbAVdHqTG0a8LMWWjg"
    "IfeWyVSCh67isd00LdzsTHcOVWO9G+tEKURd3HU4D+zHDlbmpsrkHgRWIk+Vm4Z/fwNsBk7w==";
static const char pay_c2_message[] =
    "POST\n/v3/pay/transactions/native\n1730433600\nAB12CD34EF56AB12CD34EF56AB12CD34\n{\"appid\":\"wxd"
    "678efh567hg6787\",\"mchid\":\"1230000109\",\"description\":\"heat fee\",\"out_trade_no\":\"H2024110100"
    "001\",\"notify_url\":\"https://pay.example.org/n\",\"amount\":{\"total\":99862,\"currency\":\"CNY\"}}\n";
static const char pay_c2_signature[] =
    "r1OoiWTSaRc3HhJRP692p9i/270joxa6884njNRmisYUoKotmToVMsEjZaq6ilKDcq9veaVwWJuLAv3NCVusSyxu94"
    "+LtpV8UF8lIHXU19SOqLnuwAkbGyX01RmR+mkmqeYI+kYxNDZUJcwwHVAYGMfe3ZxEYdoZi2mDbWG8D9yHP6oBkIHt"
    "xVvxe/rIBsZnwNpIk029e7a+4DwfKTakxV+TPhoxW6SGxYaxEaYK42opcQcNB6oEzTx4nttkcBlicJcc9hq/nadH3v"
    "Ueb/Y8SKuJ199/IMgO8RS+bp6sUOnZIzWuxf5Ud8zP3sxrmt4TuvJYv4onGj0AFGMAnB582w==";
static const char pay_c4_nonce[] = "c5ac7061fccab6bf3e254dcf98995b8c";
static const char pay_c4_signature[] =
    "rM+xj71BTNYl9O6EpuTTUktX21cMCGO6ImgSBPy31DUxGA0cVN8ypqnc8sRUYN6S+4eouo0jUGiDZgl2lCEK94QpUL"
    "FedpNjV0TOXQGZ2npMBjPd1qvp5lLtsNZbedmyIvBLqZJzOwTO8h9mny36eR4z1U2k02UU2AsUVGLM6pbG0yX2VbNc"
    "SLDx42yp3FwI5uqpEU/NFa3Q4SZRLilpWieb8TFOMhJxb2l0cOnGCfRQjiHt4Ypf7xQiXZ+uh28HmiSufXzn03CiCx"
    "6RNeiBnQKC/AyVd8+leo37GBDKCPRK49Qwfsl2wtrpiceQH8lyuHewHY0Oxmq8uq5pmBd1bw==";
static const char pay_c4_body[] =
    "{\"id\":\"EV-20241101120107\",\"create_time\":\"2024-11-01T12:01:08+08:00\",\"resource_type\":\"encry"
    "pt-resource\",\"event_type\":\"TRANSACTION.SUCCESS\",\"resource\":{\"algorithm\":\"AEAD_AES_256_GCM\""
    ",\"ciphertext\":\"DUcclrHBE5NffFMk6pzEyhUSz1nixd6RDAIbIiR1//j0KAMJg84qeMmWYt3C4+BfSLylvko2xAP"
    "78pHCdZ/LHMUjTZc7xWklZxN+THwOB90L/hXOpE1S4j+rPJiXSdrLMmvuu23osSwHC3fhZkJZjgf7MXlH1/kMjHqsN"
    "yof5NUZMLbDoUNyL3LE4mr1teimdNvAeohXZalsDHWxEqyVnNG8gkbVAGfeNr5i2P9DD4ITOBdo1xIfktEQAIgJXF/"
    "8ry3277aQv9GkfU5xFcq8UDAygJCEmMS/UbI33Hh/tlTccg==\",\"nonce\":\"fdasflkja484\",\"associated_data"
    "\":\"transaction\"}}";
static const char pay_c6_body[] =
    "app_id=2021000000000000&charset=utf-8&notify_id=ac05099524730693a8b330c5ecf72da9786&notify"
    "_time=2024-11-01+12%3A03%3A11&out_trade_no=H2024110100002&seller_id=2088102122524333&sign="
    "cWo5t4BrjYvN8MsYYfDtm53%2BV5IMGG3ktesiMRi3%2BumJ%2FL9dqW41jqk6XDh7MXQu9hUqitOJwfVIVaussNAW"
    "MoeMezmrG3P0vWDaEJRfHIu4ZOQLyxlpCst3Gw0nnIptTQDYG4xkzhjFdVJXtZN%2BA6aoqo57ZF9z9lWTztq4Jig6"
    "1tAOShGK%2FPYOD1gnOsAYwxsZKfYSdZHF1Aqx7Ur2pbze09RHGOkqN3veohHKeoSDM%2FH2r4niUVps46uGyGljO7"
    "wPOrYZNl1LZBtI8MSz5T7w9lwDCAzV4u4%2BIYzxYfYDgvPK07Z6IYdirUUH5DYj14gFLK08KSlMfosmOzoy1A%3D%"
    "3D&sign_type=RSA2&subject=%E7%83%AD%E8%B4%B9+2024&total_amount=88.80&trade_no=202411012200"
    "1400000000000001&trade_status=TRADE_SUCCESS";
static const char pay_c6_canonical[] =
    "app_id=2021000000000000&charset=utf-8&notify_id=ac05099524730693a8b330c5ecf72da9786&notify"
    "_time=2024-11-01 12:03:11&out_trade_no=H2024110100002&seller_id=2088102122524333&subject=热"
    "费 2024&total_amount=88.80&trade_no=2024110122001400000000000001&trade_status=TRADE_SUCCESS";
#endif
