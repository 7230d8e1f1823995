/* The daily files of WeChat and Alipay as templates: columns by their names, amounts in yuan.
 * Source: pay.weixin.qq.com "get-trade-bill" (values begin with a back-tick, a summary at the end);
 * alipay.data.dataservice.bill.downloadurl.query, type trade (GBK, comments begin with #). */
#include "pay/channel.h"

const char heng_pay_wechat_bill[] =
    "{\"channel\":\"wechat\",\"kind\":\"statement-in\",\"separator\":\",\",\"strip\":\"`\",\"names\":true,"
    "\"tail_names\":true,\"amounts\":\"yuan\",\"date\":\"YYYY-MM-DD\",\"line\":["
    "{\"is\":\"date\",\"column\":\"交易时间\"},{\"is\":\"transaction\",\"column\":\"微信订单号\"},"
    "{\"is\":\"order\",\"column\":\"商户订单号\"},{\"is\":\"amount\",\"column\":\"订单金额\"},"
    "{\"is\":\"refund\",\"column\":\"申请退款金额\"},{\"is\":\"fee\",\"column\":\"手续费\"}],"
    "\"tail\":[{\"is\":\"count\",\"column\":\"总交易单数\"},{\"is\":\"total\",\"column\":\"订单总金额\"},"
    "{\"is\":\"refund-total\",\"column\":\"申请退款总金额\"}]}";

const char heng_pay_alipay_bill[] =
    "{\"channel\":\"alipay\",\"kind\":\"statement-in\",\"charset\":\"GBK\",\"separator\":\",\",\"comment\":\"#\","
    "\"names\":true,\"amounts\":\"yuan\",\"date\":\"YYYY-MM-DD\",\"line\":["
    "{\"is\":\"transaction\",\"column\":\"支付宝交易号\"},{\"is\":\"order\",\"column\":\"商户订单号\"},"
    "{\"is\":\"date\",\"column\":\"完成时间\"},{\"is\":\"amount\",\"column\":\"订单金额（元）\"},"
    "{\"is\":\"fee\",\"column\":\"服务费（元）\"}]}";
